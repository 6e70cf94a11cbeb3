package dev.signwright

import com.cloudbees.groovy.cps.NonCPS
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

/** What a step was given, sorted by whom it is for. What it may be given is a generated table. */
class Parameters implements Serializable {

    private static final long serialVersionUID = 1

    static final String TABLE = 'dev/signwright/inputs.json'
    /** Linux takes no environment variable above 128 KiB. */
    static final int MAX_CHARACTERS = 120 * 1024
    static final Map<String, Integer> SECONDS = [s: 1, m: 60, h: 3600, d: 86400]

    /** Why the step cannot run; else empty. */
    String problem = ''
    /** For the launcher. */
    Map<String, String> settings = [:]
    /** For the gate, with its defaults. */
    Map<String, String> gate = [:]
    /** For the command: one JSON object. */
    String json = '{}'
    String reports

    @NonCPS
    static Parameters read(String table, String step, Map given) {
        Parameters parameters = new Parameters()
        try {
            parameters.fill(new JsonSlurperClassic().parseText(table)[step], given)
        } catch (IllegalArgumentException refused) {
            parameters.problem = step + ': ' + refused.message
        }
        return parameters
    }

    /** @param duration such as 30m */
    @NonCPS
    static int secondsOf(String duration) {
        long seconds = (duration[0..-2] as long) * SECONDS[duration[-1]]
        return Math.min(seconds, (long) Integer.MAX_VALUE)
    }

    @NonCPS
    void fill(Map<String, Map> known, Map given) {
        Map<String, Object> inputs = new TreeMap<>()
        reports = known.reports?.default
        known.each { key, about ->
            if (about.for == 'gate') {
                gate[key] = about.default
            }
        }
        given.each { name, value ->
            String key = String.valueOf(name)
            Map about = known[key] ?: unknown(key, known.keySet())
            Object plain = plainOf(key, about, value)
            if (plain == '') {
                return
            }
            switch (about.for) {
                case 'command': inputs[about.name] = plain; break
                case 'launcher': settings[key] = plain; break
                default: gate[key] = plain
            }
        }
        reports = inputs.reports ?: reports
        json = encode(inputs)
    }

    /** Nothing but printable ASCII, and no dollar: nothing on the way can take it for more than text. */
    @NonCPS
    static String encode(Map inputs) {
        String json = JsonOutput.toJson(inputs).replace('$', '\\u0024')
        if (json.length() > MAX_CHARACTERS) {
            throw new IllegalArgumentException('its parameters are ' + json.length() + ' characters long\n  → name directories instead of files')
        }
        return json
    }

    @NonCPS
    static Object plainOf(String key, Map about, Object value) {
        Object plain = about.type == 'boolean' ? booleanOf(key, value) : about.type == 'list' ? linesOf(key, value) : textOf(key, value)
        if (plain != '' && about.pattern && !(plain ==~ about.pattern)) {
            throw new IllegalArgumentException(key + ' has a value that it cannot have\n  → it must match ' + about.pattern)
        }
        return plain
    }

    @NonCPS
    static Object booleanOf(String key, Object value) {
        if (value instanceof Boolean) {
            return value
        }
        String text = textOf(key, value)
        if (!(text in ['true', 'false', ''])) {
            throw new IllegalArgumentException(key + ' is neither true nor false')
        }
        return text ? text == 'true' : ''
    }

    @NonCPS
    static String linesOf(String key, Object value) {
        if (!(value instanceof Collection)) {
            return textOf(key, value)
        }
        List<String> lines = value.collect { line -> textOf(key, line) }
        if (lines.any { line -> line ==~ /(?s).*[\r\n].*/ }) {
            throw new IllegalArgumentException(key + ' has an element of several lines\n  → give each an element of its own')
        }
        return lines.join('\n')
    }

    @NonCPS
    static String textOf(String key, Object value) {
        if (!(value instanceof CharSequence)) {
            String found = value == null ? 'null' : 'a ' + value.getClass().simpleName
            throw new IllegalArgumentException(key + ' is ' + found + ', not a text\n  → leave it out for its default')
        }
        return value.toString()
    }

    @NonCPS
    static Map unknown(String key, Collection<String> known) {
        String nearest = known.min { each -> distance(key, each) }
        String hint = distance(key, nearest) <= 3 ? 'did you mean ' + nearest + '?' : 'known are ' + known.sort().join(', ')
        throw new IllegalArgumentException('it knows no parameter ' + Answer.harmless(key).take(64) + '\n  → ' + hint)
    }

    /** How many letters differ (Levenshtein), without regard to case and dashes. */
    @NonCPS
    static int distance(String one, String other) {
        String from = one.take(64).toLowerCase().replace('-', '')
        String to = other.toLowerCase()
        List<Integer> row = (0..to.length()).toList()
        for (int i = 0; i < from.length(); i++) {
            row = rowBelow(row, from[i], to)
        }
        return row.last()
    }

    @NonCPS
    static List<Integer> rowBelow(List<Integer> above, String letter, String to) {
        List<Integer> row = [above[0] + 1]
        for (int j = 0; j < to.length(); j++) {
            int replaced = above[j] + (letter == to[j] ? 0 : 1)
            row.add([replaced, above[j + 1] + 1, row[j] + 1].min())
        }
        return row
    }

}
