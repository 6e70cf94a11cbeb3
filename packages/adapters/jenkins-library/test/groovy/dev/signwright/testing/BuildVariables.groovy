package dev.signwright.testing

/** `env`: what was set for the whole build, below what blocks set for their bodies. */
class BuildVariables implements Serializable {

    private static final long serialVersionUID = 1

    final Map<String, String> build = [:]
    final List<Map<String, String>> blocks = []

    @Override
    Object getProperty(String name) {
        return name in ['build', 'blocks'] ? this.@"$name" : current()[name]
    }

    @Override
    void setProperty(String name, Object value) {
        build[name] = String.valueOf(value)
    }

    /** As withEnv has it: an empty value unsets. */
    Map<String, String> current() {
        Map<String, String> all = new LinkedHashMap<>(this.@build)
        this.@blocks.each { block -> all.putAll(block) }
        return all.findAll { name, value -> value }
    }

}
