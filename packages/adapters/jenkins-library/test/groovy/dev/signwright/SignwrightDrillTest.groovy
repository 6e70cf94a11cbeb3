package dev.signwright

import static org.hamcrest.CoreMatchers.containsString
import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertThat

import dev.signwright.testing.StepTest
import org.junit.Test

class SignwrightDrillTest extends StepTest {

    private final Map drilled = result(command: 'drill', files: ['drill.json', 'junit.xml', 'outputs.env', 'summary.html'])

    @Test
    void 'rehearses, keeps the report, and shows its scenarios as tests'() {
        command(drilled)
        onNode("signwrightDrill(environment: 'production', scenarios: 'tsa-down')")
        assertEquals(['drill', [environment: 'production', scenarios: 'tsa-down']], [runs[0].SIGNWRIGHT_COMMAND, inputs()])
        assertEquals(1, jenkins.callsOf('junit').size())
        assertThat(jenkins.callsOf('archiveArtifacts')[0].artifacts, containsString('signwright-reports/drill.json'))
    }

    @Test
    void 'a control that let something through fails the build'() {
        command(drilled + [exitCode: 1, result: 'deny', message: 'the drill failed: broken-chain'])
        assertEquals('signwrightDrill: the drill failed: broken-chain (exit code 1)', failureOnNode('signwrightDrill()'))
        assertFalse(deployed)
    }

}
