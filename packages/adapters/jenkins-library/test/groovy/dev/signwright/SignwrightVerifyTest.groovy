package dev.signwright

import static org.hamcrest.CoreMatchers.containsString
import static org.hamcrest.CoreMatchers.not
import static org.hamcrest.CoreMatchers.startsWith
import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertThat
import static org.junit.Assert.assertTrue
import static org.junit.Assert.fail

import dev.signwright.testing.Interrupted
import dev.signwright.testing.StepTest
import groovy.json.JsonOutput
import org.junit.Test

class SignwrightVerifyTest extends StepTest {

    @Test
    void 'runs the command with its inputs as one JSON object of the environment'() {
        command(result())
        onNode("signwrightVerify(environment: 'production', paths: ['dist', 'infra'], collect: true, attest: 'false', wait: '30m')")
        assertEquals('verify', runs[0].SIGNWRIGHT_COMMAND)
        assertEquals([environment: 'production', paths: 'dist\ninfra', collect: true, attest: false, wait: '30m'], inputs())
    }

    @Test
    void 'takes no parameters at all, and an empty text for the default'() {
        command(result())
        onNode('signwrightVerify()')
        onNode("signwrightVerify(environment: '', collect: '')")
        assertEquals([[:], [:]], [inputs(0), inputs(1)])
    }

    @Test
    void 'writes the names of the command, not those of Groovy'() {
        command(result())
        onNode("signwrightVerify(passphraseEnv: 'KEY_PASSPHRASE')")
        assertEquals(['passphrase-env': 'KEY_PASSPHRASE'], inputs())
    }

    @Test
    void 'tells the steps after it what it came to'() {
        command(result(request: 'sha256:' + 'a' * 64))
        jenkins.build("node('') { Map told = signwrightVerify(reports: 'out/reports'); echo told.toString() }\n")
        String told = "[result:allow, exitCode:0, request:sha256:${'a' * 64}, reports:out/reports]"
        assertEquals(told, jenkins.callsOf('echo').last().toString())
        Map variables = jenkins.variables.current()
        assertEquals(['allow', '0', 'sha256:' + 'a' * 64, 'out/reports'],
            ['RESULT', 'EXIT_CODE', 'REQUEST', 'REPORTS'].collect { name -> variables['SIGNWRIGHT_' + name] })
    }

    @Test
    void 'shows tests, files and a page, without ever making a build unstable'() {
        command(result(environment: 'production'))
        onNode("signwrightVerify(environment: 'production')")
        assertEquals([[testResults: 'signwright-reports/junit.xml', allowEmptyResults: true, skipMarkingBuildUnstable: true]],
            jenkins.callsOf('junit'))
        List<String> kept = jenkins.callsOf('archiveArtifacts')[0].artifacts.split(',')
        assertTrue(kept.containsAll(['signwright-reports/verdicts.json', 'signwright-reports/result.json']))
        Map page = jenkins.callsOf('publishHTML')[0].target
        assertEquals(['Signwright verify production', 'signwright-reports', 'summary.html', 'summary.html'],
            [page.reportName, page.reportDir, page.reportFiles, page.includes])
    }

    @Test
    void 'does without the plugins for tests and for pages'() {
        command(result())
        jenkins.absent.addAll('junit', 'publishHTML')
        onNode('signwrightVerify()')
        assertThat(jenkins.log.toString(), containsString('summary.html is among the artifacts'))
        assertThat(jenkins.log.toString(), containsString('no test results'))
    }

    @Test
    void 'each exit code but 0 fails the build, after its reports were kept, and what is behind it does not run'() {
        Map<Integer, String> codes = [1: 'deny', 2: 'error', 3: 'inconclusive', 4: 'pending', 70: 'error']
        codes.each { code, word ->
            runs.clear()
            command(result(exitCode: code, result: word, message: 'the reason', next: 'what to do', resume: 'https://jenkins.example/7/'))
            String message = failureOnNode('signwrightVerify()')
            String wanted = "signwrightVerify: the reason (exit code ${code})\n  → what to do\n  → resume: https://jenkins.example/7/"
            assertEquals(wanted, message)
            assertFalse(deployed)
            assertEquals('SUCCESS', jenkins.binding.getVariable('currentBuild').result)
            assertEquals([word, String.valueOf(code)], [jenkins.variables.SIGNWRIGHT_RESULT, jenkins.variables.SIGNWRIGHT_EXIT_CODE])
        }
        assertEquals(codes.size(), jenkins.callsOf('archiveArtifacts').size())
        assertEquals(codes.size(), jenkins.callsOf('junit').size())
    }

    @Test
    void 'a report that cannot be published hides no denial'() {
        command(result(exitCode: 1, result: 'deny', message: 'the reason'))
        jenkins.step('archiveArtifacts', [Map]) { Map given -> throw new IOException('the disk is full') }
        assertThat(failureOnNode('signwrightVerify()'), startsWith('signwrightVerify: the reason'))
    }

    @Test
    void 'exit code 0 without a result that says so passes nothing'() {
        command(0)
        assertThat(failureOnNode('signwrightVerify()'), containsString('ended before it could say why (exit code 0)'))
        [result(exitCode: 1, status: 0), [:], [exitCode: '0'], [[exitCode: 0]]].each { answer ->
            runs.clear()
            jenkins.shell = { String script, Map variables ->
                File file = jenkins.workspace.resolve('signwright-reports/result.json').toFile()
                file.parentFile.mkdirs()
                file.text = JsonOutput.toJson(answer)
                0
            }
            assertThat(failureOnNode('signwrightVerify()'), containsString('ended before'))
        }
        assertFalse(deployed)
    }

    @Test
    void 'a result that is not JSON, or of another run, explains nothing'() {
        ['{', '', 'null', '[]', '{"exitCode": 4}', '{"exitCode": 1.5}', '"' + 'x' * (4 * 1024 * 1024) + '"'].each { text ->
            jenkins.shell = { String script, Map variables ->
                File file = jenkins.workspace.resolve('signwright-reports/result.json').toFile()
                file.parentFile.mkdirs()
                file.text = text
                1
            }
            assertThat(failureOnNode('signwrightVerify()'), containsString('ended before it could say why (exit code 1)'))
            assertEquals('error', jenkins.variables.SIGNWRIGHT_RESULT)
        }
    }

    @Test
    void 'an agent without node is told as such'() {
        command(127)
        assertThat(failureOnNode('signwrightVerify()'), containsString('no node was found on the agent'))
    }

    @Test
    void 'nothing in a result can forge a line or a console note'() {
        String hostile = 'a\nERROR: forged\u001b[8mha:AAAA\u001b[0m\u202e\u2028'
        String harmless = 'a?ERROR: forged?[8mha:AAAA?[0m??'
        command(result(exitCode: 1, result: 'deny<script>', message: hostile, next: hostile, environment: '../x', request: 'sha256:' + 'A' * 64,
            files: ['summary.html', '../../etc/passwd', 'a,b', '**', 7]))
        String message = failureOnNode('signwrightVerify()')
        assertEquals('signwrightVerify: ' + harmless + ' (exit code 1)\n  → ' + harmless, message)
        assertEquals('signwright-reports/summary.html,signwright-reports/result.json', jenkins.callsOf('archiveArtifacts')[0].artifacts)
        assertEquals('Signwright verify', jenkins.callsOf('publishHTML')[0].target.reportName)
        assertEquals(['error', ''], [jenkins.variables.build.SIGNWRIGHT_RESULT, jenkins.variables.build.SIGNWRIGHT_REQUEST])
    }

    @Test
    void 'a parameter it does not know is refused with the nearest, before anything runs'() {
        command(result())
        assertEquals('signwrightVerify: it knows no parameter enviroment\n  → did you mean environment?',
            failureOnNode("signwrightVerify(enviroment: 'production')"))
        assertThat(failureOnNode("signwrightVerify('passphrase-env': 'X')"), containsString('did you mean passphraseEnv?'))
        assertThat(failureOnNode('signwrightVerify(sidecars: false)'), containsString('known are anchor, attest'))
        assertThat(failureOnNode("signwrightVerify(statusCheck: '7')"), containsString('it knows no parameter statusCheck'))
        assertThat(failureOnNode("signwrightVerify('a\\nb': '7')"), containsString('it knows no parameter a?b'))
        assertEquals([], runs)
    }

    @Test
    void 'a value that is no value of the parameter is refused, and not shown'() {
        command(result())
        Map<String, String> refused = [
            'environment: null': 'environment is null, not a text',
            'environment: 7': 'environment is a Integer, not a text',
            "environment: ['production']": 'environment is a ArrayList, not a text',
            "environment: 'pro duction'": 'environment has a value that it cannot have',
            "environment: 'production\\n'": 'environment has a value that it cannot have',
            "collect: 'yes'": 'collect is neither true nor false',
            "paths: ['dist', 'a\\nb']": 'paths has an element of several lines',
            'paths: [null]': 'paths is null, not a text',
            "wait: '30'": 'wait has a value that it cannot have',
            "reports: '../secrets'": 'reports has a value that it cannot have',
            "reports: '/etc'": 'reports has a value that it cannot have',
            "paths: 'x' * 130_000": 'its parameters are 130012 characters long',
        ]
        refused.each { given, message ->
            assertThat(failureOnNode("signwrightVerify(${given})"), startsWith('signwrightVerify: ' + message))
        }
        assertThat(jenkins.log.toString(), not(containsString('pro duction')))
        assertEquals([], runs)
    }

    @Test
    void 'hostile values arrive as they are, and neither the shell nor Jenkins nor Groovy reads them'() {
        command(result())
        List<String> hostile = ['"; touch owned; "', "'; touch owned; '", '$(touch owned)', '`touch owned`', '${SIGNWRIGHT_ID_TOKEN}', '$PATH', '$$',
            '\\', '%0A##vso[task.complete result=Succeeded]', '::error::x', '$[[ inputs.x ]]', '<b>', 'ümläut', 'a=b', ' x ']
        String list = hostile.collect { value -> "'" + value.replace('\\', '\\\\').replace("'", "\\'") + "'" }.join(', ')
        onNode("signwrightVerify(paths: [${list}])")
        assertEquals(hostile, inputs().paths.split('\n') as List)
        assertTrue(runs[0].SIGNWRIGHT_INPUTS ==~ /[\x20-\x7e&&[^$]]*/)
        assertEquals([jenkins.callsOf('sh')[0].script] as Set, [SCRIPT] as Set)
        assertThat(jenkins.log.toString(), not(containsString('owned')))
    }

    @Test
    void 'a GString is its text'() {
        command(result())
        jenkins.build('''node('') {
    String name = 'dist'
    signwrightVerify(paths: ["${name}/\\${HOME}", "${name.toUpperCase()}"])
}
''')
        assertEquals('dist/${HOME}\nDIST', inputs().paths)
    }

    @Test
    void 'what stands in the environment for Node is taken away'() {
        command(result())
        jenkins.variables.build.putAll(NODE_OPTIONS: '--require ./hostile.js', NODE_PATH: 'node_modules')
        onNode('signwrightVerify()')
        assertEquals([null, null], [runs[0].NODE_OPTIONS, runs[0].NODE_PATH])
    }

    @Test
    void 'the shell sees one constant text, whatever it is given'() {
        command(result())
        onNode("signwrightVerify(environment: 'production', reports: 'other')")
        assertEquals([SCRIPT], jenkins.callsOf('sh')*.script)
        assertTrue(jenkins.callsOf('sh').every { call -> call.returnStatus })
    }

    @Test
    void 'an interruption is left to end the build'() {
        jenkins.shell = { String script, Map variables -> throw new Interrupted('Aborted by ann') }
        try {
            onNode('signwrightVerify()')
            fail('it passed')
        } catch (Interrupted expected) {
            assertEquals('Aborted by ann', expected.message)
        }
        assertEquals(1, jenkins.callsOf('deleteDir').size())
    }

    private static final String SCRIPT =
        'rm -rf -- "$SIGNWRIGHT_REPORTS/result.json" || exit 70; exec node "$SIGNWRIGHT_LAUNCHER" job "$SIGNWRIGHT_COMMAND"'

}
