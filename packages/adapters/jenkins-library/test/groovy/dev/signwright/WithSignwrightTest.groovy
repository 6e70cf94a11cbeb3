package dev.signwright

import static org.hamcrest.CoreMatchers.containsString
import static org.hamcrest.CoreMatchers.startsWith
import static org.junit.Assert.assertArrayEquals
import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertThat
import static org.junit.Assert.assertTrue

import dev.signwright.testing.StepTest
import org.junit.Test

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths

class WithSignwrightTest extends StepTest {

    private static final String SHA256 = 'a' * 64

    @Test
    void 'brings the launcher, byte by byte, to a folder of its own outside the workspace, and takes it away'() {
        byte[] brought = null
        Path where = null
        jenkins.shell = { String script, Map<String, String> variables ->
            where = Paths.get(variables.SIGNWRIGHT_LAUNCHER)
            brought = Files.readAllBytes(where)
            0
        }
        onNode("withSignwright { sh(script: 'true') }")
        assertArrayEquals(Files.readAllBytes(Paths.get('../launcher/launch.cjs')), brought)
        assertThat(where.toString(), startsWith(jenkins.workspace.toString() + '@tmp/signwright-'))
        assertFalse(Files.exists(where.parent))
    }

    @Test
    void 'two at once have two folders'() {
        List<String> launchers = []
        jenkins.shell = { String script, Map<String, String> variables -> launchers.add(variables.SIGNWRIGHT_LAUNCHER); 0 }
        onNode("withSignwright { sh(script: 'true') }; withSignwright { sh(script: 'true') }")
        assertEquals(2, launchers.toSet().size())
    }

    @Test
    void 'tells the steps inside which command to run and what it must be, and returns what they return'() {
        command(result())
        jenkins.build("""node('') {
    echo withSignwright(cli: '/opt/signwright.cjs', sha256: '${SHA256}') { signwrightVerify() }.toString()
}
""")
        assertEquals(['/opt/signwright.cjs', SHA256], [runs[0].SIGNWRIGHT_CLI, runs[0].SIGNWRIGHT_CLI_SHA256])
        assertThat(jenkins.callsOf('echo').last().toString(), startsWith('[result:allow'))
        assertEquals(2, jenkins.callsOf('writeFile').size())
    }

    @Test
    void 'leaves to the configuration of the controller what it is not given'() {
        command(result())
        jenkins.variables.build.putAll(SIGNWRIGHT_CLI: '/opt/signwright.cjs', SIGNWRIGHT_CLI_SHA256: SHA256)
        onNode("withSignwright(cli: '') { signwrightVerify() }")
        assertEquals(['/opt/signwright.cjs', SHA256], [runs[0].SIGNWRIGHT_CLI, runs[0].SIGNWRIGHT_CLI_SHA256])
    }

    @Test
    void 'binds the ID token for its body alone'() {
        List<String> tokens = []
        jenkins.credentials.oidc = 'eyJ-secret'
        jenkins.shell = { String script, Map<String, String> variables -> tokens.add(variables.SIGNWRIGHT_ID_TOKEN); 0 }
        onNode("withSignwright(credentialsId: 'oidc') { sh(script: 'true') }; sh(script: 'true', returnStatus: true)")
        assertEquals(['eyJ-secret', null], tokens)
    }

    @Test
    void 'what goes wrong inside goes on outside, and the launcher is taken away'() {
        command(result(exitCode: 1, result: 'deny', message: 'the reason'))
        assertThat(failureOnNode('withSignwright { signwrightVerify() }'), containsString('the reason'))
        assertFalse(deployed)
        assertEquals(2, jenkins.callsOf('deleteDir').size())
    }

    @Test
    void 'a step inside brings a launcher of its own, whatever a variable of the build names'() {
        command(result())
        jenkins.variables.build.SIGNWRIGHT_LAUNCHER = 'evil.cjs'
        onNode('signwrightVerify()')
        assertThat(runs[0].SIGNWRIGHT_LAUNCHER, startsWith(jenkins.workspace.toString() + '@tmp/signwright-'))
    }

    @Test
    void 'a parameter it does not know is refused, and the body does not run'() {
        command(result())
        assertEquals('withSignwright: it knows no parameter credentialId\n  → did you mean credentialsId?',
            failureOnNode("withSignwright(credentialId: 'oidc') { signwrightVerify() }"))
        assertThat(failureOnNode("withSignwright(sha256: 'abc') { signwrightVerify() }"), containsString('sha256 has a value that it cannot have'))
        assertThat(failureOnNode('withSignwright(cli: "/opt/a\\nb") { signwrightVerify() }'), containsString('cli has a value'))
        assertTrue(runs.isEmpty())
    }

}
