package dev.signwright

import static org.hamcrest.CoreMatchers.containsString
import static org.hamcrest.CoreMatchers.not
import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertThat

import dev.signwright.testing.StepTest
import org.junit.Test

class SignwrightSignTest extends StepTest {

    @Test
    void 'signs with the ID token of its credential, which no log shows'() {
        command(result(command: 'sign'))
        jenkins.credentials.oidc = 'eyJ-secret'
        onNode("signwrightSign(credentialsId: 'oidc', signer: ['build', 'release'], sidecars: false)")
        assertEquals('eyJ-secret', runs[0].SIGNWRIGHT_ID_TOKEN)
        assertEquals(['sign', [signer: 'build\nrelease', sidecars: false]], [runs[0].SIGNWRIGHT_COMMAND, inputs()])
        assertThat(jenkins.log.toString(), not(containsString('eyJ-secret')))
        assertThat(jenkins.calls.toString(), not(containsString('eyJ-secret')))
    }

    @Test
    void 'signs nothing where the credential is not there'() {
        command(result(command: 'sign'))
        assertThat(failureOnNode("signwrightSign(credentialsId: 'oidc')"), containsString("Could not find credentials entry with ID 'oidc'"))
        assertEquals([], runs)
        assertEquals(1, jenkins.callsOf('deleteDir').size())
    }

    @Test
    void 'a signer that cannot be reached pauses: the build fails, and says to try again'() {
        command(result(command: 'sign', exitCode: 3, result: 'inconclusive', message: 'the KMS did not answer', next: 'try again'))
        assertEquals('signwrightSign: the KMS did not answer (exit code 3)\n  → try again', failureOnNode('signwrightSign()'))
        assertFalse(deployed)
    }

}
