package dev.signwright

import static org.hamcrest.CoreMatchers.containsString
import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertThat

import dev.signwright.testing.StepTest
import org.junit.Test

class SignwrightPlanTest extends StepTest {

    private final Map planned = result(command: 'plan', files: ['outputs.env', 'plan.json', 'summary.html', 'summary.md'])

    @Test
    void 'plans, keeps what it left, and has no tests to show'() {
        command(planned)
        onNode("signwrightPlan(environment: 'test', paths: 'dist')")
        assertEquals(['plan', [environment: 'test', paths: 'dist']], [runs[0].SIGNWRIGHT_COMMAND, inputs()])
        assertEquals([], jenkins.callsOf('junit'))
        assertThat(jenkins.callsOf('archiveArtifacts')[0].artifacts, containsString('signwright-reports/plan.json'))
        assertEquals('Signwright plan', jenkins.callsOf('publishHTML')[0].target.reportName)
    }

    @Test
    void 'what is not listed stops what is behind it'() {
        command(planned + [exitCode: 1, result: 'deny', message: '1 of 2 artifacts not listed in the policy'])
        assertEquals('signwrightPlan: 1 of 2 artifacts not listed in the policy (exit code 1)', failureOnNode('signwrightPlan()'))
        assertFalse(deployed)
    }

    @Test
    void 'inputs of another command are unknown to it'() {
        assertThat(failureOnNode('signwrightPlan(collect: true)'), containsString('it knows no parameter collect'))
    }

    @Test
    void 'a run that left nothing has nothing to keep'() {
        command(70)
        assertThat(failureOnNode('signwrightPlan()'), containsString('exit code 70'))
        assertEquals([], jenkins.callsOf('archiveArtifacts'))
    }

}
