package dev.signwright

/** Brings what runs the command to the agent, for as long as a body runs. */
class Launcher implements Serializable {

    private static final long serialVersionUID = 1

    /** Resources are read and written in UTF-8: the launcher has to arrive as it is. */
    static final String ENCODING = 'UTF-8'
    static final String RESOURCE = 'dev/signwright/launch.cjs'

    final Object steps

    Launcher(Object steps) {
        this.steps = steps
    }

    /**
     * Runs the body with the launcher in a temporary folder of the agent, outside the workspace, and the ID token bound.
     *
     * @param settings cli, sha256, credentialsId: each may be absent
     * @return what the body returns
     */
    Object around(Map settings, Closure body) {
        String folder = steps.pwd(tmp: true) + '/signwright-' + UUID.randomUUID()
        try {
            String launcher = folder + '/launch.cjs'
            String text = steps.libraryResource(resource: RESOURCE, encoding: ENCODING)
            steps.writeFile(file: launcher, text: text, encoding: ENCODING)
            return steps.withEnv(variables(settings, launcher)) { withToken(settings.credentialsId, body) }
        } finally {
            steps.dir(folder) { steps.deleteDir() }
        }
    }

    Object withToken(String credentialsId, Closure body) {
        if (!credentialsId) {
            return body()
        }
        Map token = [credentialsId: credentialsId, variable: 'SIGNWRIGHT_ID_TOKEN']
        return steps.withCredentials([steps.string(token)]) { body() }
    }

    /** An empty value unsets: nothing a job set makes Node load more than the launcher. */
    static List<String> variables(Map settings, String launcher) {
        List<String> made = ['SIGNWRIGHT_LAUNCHER=' + launcher, 'NODE_OPTIONS=', 'NODE_PATH=']
        if (settings.cli) {
            made.add('SIGNWRIGHT_CLI=' + settings.cli)
        }
        if (settings.sha256) {
            made.add('SIGNWRIGHT_CLI_SHA256=' + settings.sha256)
        }
        return made
    }

}
