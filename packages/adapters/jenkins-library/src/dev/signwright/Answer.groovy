package dev.signwright

import com.cloudbees.groovy.cps.NonCPS
import groovy.json.JsonException
import groovy.json.JsonSlurperClassic

/** What a run of the command came to. The exit code decides; result.json only explains, and where it does not fit, nothing passes. */
class Answer implements Serializable {

    private static final long serialVersionUID = 1

    static final int MAX_CHARACTERS = 4 * 1024 * 1024
    static final int MAX_MESSAGE = 2000
    static final List<String> RESULTS = ['allow', 'deny', 'pending', 'inconclusive', 'error']
    static final String NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}'

    int status
    boolean passed
    String result = 'error'
    String reason
    String environment = ''
    String request = ''
    String next = ''
    String title
    /** Of the files of the contract, those that are there. */
    List<String> files = []
    /** What is missing: [role, kind, missing, accounts]. */
    List<Map> approvals = []
    Map<String, Object> outputs

    /**
     * @param text of result.json; empty where there is none
     * @param status of the process
     */
    @NonCPS
    static Answer read(String text, int status, String reports) {
        Map found = parse(text)
        boolean fits = found.exitCode == status
        Answer answer = new Answer(status: status, passed: fits && status == 0)
        if (fits) {
            answer.fill(found)
        }
        answer.reason = fits ? reasonOf(found, status) : neverRan(status)
        answer.title = ['Signwright', fits ? word(found.command) : '', answer.environment].findAll().join(' ')
        answer.outputs = [result: answer.result, exitCode: status, request: answer.request, reports: reports]
        return answer
    }

    /** Text of result.json that can be shown: one line, nothing a terminal or a console takes for more than text. */
    @NonCPS
    static String harmless(Object text) {
        String line = text instanceof String ? text.replaceAll('[\\p{C}\\p{Zl}\\p{Zp}]', '?') : ''
        return line.length() > MAX_MESSAGE ? line.substring(0, MAX_MESSAGE) + '…' : line
    }

    @NonCPS
    List<Map> missing(boolean ofPlatform) {
        return approvals.findAll { each -> (each.kind == 'platform') == ofPlatform }
    }

    @NonCPS
    boolean asksSomebody() {
        return !approvals.isEmpty()
    }

    /** ` for production`, or nothing. */
    @NonCPS
    String where() {
        return environment ? ' for ' + environment : ''
    }

    /** `2 × security, 1 × release`. */
    @NonCPS
    String wanted() {
        return approvals.collect { each -> each.missing + ' × ' + each.role }.join(', ')
    }

    @NonCPS
    void fill(Map found) {
        result = RESULTS.contains(found.result) ? found.result : 'error'
        environment = word(found.environment)
        request = found.request ==~ /sha256:[0-9a-f]{64}/ ? found.request : ''
        next = harmless(found.next)
        files = listOf(found.files).findAll { file -> word(file) }
        approvals = listOf(found.approvals).findAll { each -> each instanceof Map && count(each.missing) > 0 }
            .collect { each -> [role: word(each.role), kind: each.kind, missing: count(each.missing), accounts: people(each.accounts)] }
    }

    @NonCPS
    static Map parse(String text) {
        if (text.isEmpty() || text.length() > MAX_CHARACTERS) {
            return [:]
        }
        try {
            Object found = new JsonSlurperClassic().parseText(text)
            return found instanceof Map ? found : [:]
        } catch (JsonException | IllegalArgumentException broken) {
            return [:]
        }
    }

    @NonCPS
    static String reasonOf(Map found, int status) {
        List<String> lines = [harmless(found.message) + ' (exit code ' + status + ')']
        if (found.next) {
            lines.add('  → ' + harmless(found.next))
        }
        if (found.resume) {
            lines.add('  → resume: ' + harmless(found.resume))
        }
        return lines.join('\n')
    }

    @NonCPS
    static String neverRan(int status) {
        if (status == 126 || status == 127) {
            return 'no node was found on the agent (exit code ' + status + ')\n  → install Node.js 20.20 or newer, and have it on PATH'
        }
        return 'the command ended before it could say why (exit code ' + status + ')\n  → the log above has the reason'
    }

    @NonCPS
    static String word(Object found) {
        return found instanceof String && found ==~ NAME ? found : ''
    }

    @NonCPS
    static int count(Object found) {
        return found instanceof Integer && found > 0 ? found : 0
    }

    @NonCPS
    static List listOf(Object found) {
        return found instanceof List ? found : []
    }

    /** A comma would make two of one account in what `input` is told. */
    @NonCPS
    static List<String> people(Object found) {
        return listOf(found).findAll { name -> name instanceof String && name ==~ /[^,\s\p{C}]{1,255}/ }.unique()
    }

}
