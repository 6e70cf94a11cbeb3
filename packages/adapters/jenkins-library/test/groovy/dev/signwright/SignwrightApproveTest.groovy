package dev.signwright

import static org.hamcrest.CoreMatchers.containsString
import static org.hamcrest.CoreMatchers.not
import static org.junit.Assert.assertEquals
import static org.junit.Assert.assertFalse
import static org.junit.Assert.assertThat
import static org.junit.Assert.assertTrue
import static org.junit.Assert.fail

import dev.signwright.testing.Interrupted
import dev.signwright.testing.StepTest
import org.junit.Test

class SignwrightApproveTest extends StepTest {

    private static final String REQUEST = 'sha256:' + 'a' * 64
    private final List<String> people = []

    private Map pending(List<Map> approvals) {
        return result(command: 'request-approval', exitCode: 4, result: 'pending', message: 'approvals are missing', environment: 'production',
            request: REQUEST, next: 'signwright approve ' + REQUEST, approvals: approvals)
    }

    private static Map click(String role, int missing, String... accounts) {
        return [role: role, kind: 'platform', count: missing, missing: missing, accounts: accounts as List]
    }

    private static Map signature(String role, int missing) {
        return [role: role, kind: 'signed', count: missing, missing: missing, accounts: []]
    }

    private void answers(String... accounts) {
        people.addAll(accounts)
        jenkins.answer = { Map given -> people.remove(0) }
    }

    private Object approve(String given = "environment: 'production'") {
        return jenkins.build("signwrightApprove(${given}) { unstash 'dist' }\nnode('') { sh 'touch deployed' }\n")
    }

    private String failed(String given = "environment: 'production'") {
        return failure("signwrightApprove(${given}) { unstash 'dist' }\nnode('') { sh 'touch deployed' }\n")
    }

    @Test
    void 'where nothing is missing nobody is asked'() {
        command(result(command: 'request-approval'))
        approve()
        assertTrue(deployed)
        assertEquals([], jenkins.callsOf('input'))
    }

    @Test
    void 'asks in a node that has the artifacts, and people outside of it'() {
        command(pending([click('security', 1, 'ann', 'bob')]))
        boolean onNode = true
        jenkins.answer = { Map given -> onNode = jenkins.variables.NODE_NAME != null; 'ann' }
        approve("environment: 'production', label: 'linux', paths: ['dist']")
        assertFalse(onNode)
        assertTrue(deployed)
        assertEquals(['linux', 'dist'], [jenkins.callsOf('node')[0], jenkins.callsOf('unstash')[0]])
        assertEquals(['request-approval', [environment: 'production', paths: 'dist']], [runs[0].SIGNWRIGHT_COMMAND, inputs()])
        Map asked = jenkins.callsOf('input')[0]
        assertEquals(['signwright-production-1', 'ann,bob', 'account'], [asked.id, asked.submitter, asked.submitterParameter])
        assertEquals("Approve for production? 1 missing still: 1 × security. Request ${REQUEST}".toString(), asked.message)
    }

    @Test
    void 'gives people as long as it is told'() {
        command(pending([click('security', 1, 'ann')]))
        answers('ann', 'ann')
        approve("timeout: '90m'")
        approve('')
        assertEquals([[time: 5400, unit: 'SECONDS'], [time: 86400, unit: 'SECONDS']], jenkins.callsOf('timeout'))
    }

    @Test
    void 'asks m of n people, each once'() {
        command(pending([click('security', 2, 'ann', 'bob', 'cleo')]))
        answers('bob', 'ann')
        approve()
        assertTrue(deployed)
        assertEquals(['ann,bob,cleo', 'ann,cleo'], jenkins.callsOf('input')*.submitter)
        assertEquals(['signwright-production-1', 'signwright-production-2'], jenkins.callsOf('input')*.id)
        assertEquals(1, runs.size())
    }

    @Test
    void 'somebody in two roles is counted for the one that needs them'() {
        command(pending([click('engineering', 1, 'ann', 'bob'), click('security', 1, 'ann')]))
        answers('ann', 'bob')
        approve()
        assertEquals(['ann,bob', 'bob'], jenkins.callsOf('input')*.submitter)
        assertTrue(deployed)
    }

    @Test
    void 'people without accounts enough are not waited for'() {
        [[click('security', 1)], [click('security', 2, 'ann')], [click('engineering', 1, 'ann'), click('security', 1, 'ann')],
            [click('security', 2, 'ann', 'ann')], [click('security', 1, 'ann,mallory', ' ', '')]].each { approvals ->
            runs.clear()
            command(pending(approvals))
            assertThat(failed(), containsString('fewer people have accounts on this Jenkins than must approve for production'))
        }
        assertEquals([], jenkins.callsOf('input'))
        assertFalse(deployed)
    }

    @Test
    void 'the answer of an administrator who is no approver does not count'() {
        command(pending([click('security', 1, 'ann')]))
        answers('admin', 'Ann', 'ann')
        approve()
        assertEquals(3, jenkins.callsOf('input').size())
        assertThat(jenkins.log.toString(), containsString('the answer of admin does not count here'))
        assertTrue(deployed)
    }

    @Test
    void 'one person twice is one person'() {
        command(pending([click('security', 2, 'ann', 'bob')]))
        answers('ann', 'ann', 'bob')
        approve()
        assertEquals(['ann,bob', 'bob', 'bob'], jenkins.callsOf('input')*.submitter)
        assertTrue(deployed)
    }

    @Test
    void 'wrong answers are not asked for without end'() {
        command(pending([click('security', 1, 'ann')]))
        answers('admin', 'mallory\nERROR', null)
        assertThat(failed(), containsString('3 answers came from accounts that may not approve for production\n  → those may: ann'))
        assertThat(jenkins.callsOf('echo').toString(), not(containsString('mallory\nERROR')))
        assertFalse(deployed)
    }

    @Test
    void 'an abort denies, and is left as Jenkins tells it'() {
        command(pending([click('security', 1, 'ann')]))
        jenkins.answer = { Map given -> throw new Interrupted('Rejected by ann') }
        try {
            approve()
            fail('it passed')
        } catch (Interrupted rejected) {
            assertEquals('Rejected by ann', rejected.message)
        }
        assertFalse(deployed)
    }

    @Test
    void 'nobody answering ends the build'() {
        command(pending([click('security', 1, 'ann')]))
        try {
            approve()
            fail('it passed')
        } catch (Interrupted expected) {
            assertFalse(deployed)
        }
    }

    @Test
    void 'waits for signatures without an input, says how to give them, and goes on once they are there'() {
        command(pending([signature('security', 2)]), pending([signature('security', 1)]), result(command: 'request-approval'))
        approve("environment: 'production', every: '10m'")
        assertTrue(deployed)
        assertEquals(3, runs.size())
        assertEquals([], jenkins.callsOf('input'))
        assertEquals([[time: 600, unit: 'SECONDS']] * 2, jenkins.callsOf('sleep'))
        assertEquals(1, jenkins.callsOf('archiveArtifacts').size())
        assertThat(jenkins.log.toString(),
            containsString("waiting for signatures for production: 2 × security\n  → signwright approve ${REQUEST}\n  → asked again every 10m"))
    }

    @Test
    void 'signatures that do not come end the build'() {
        command(pending([signature('security', 1)]))
        try {
            approve("timeout: '1h', every: '20m'")
            fail('it passed')
        } catch (Interrupted expected) {
            assertEquals(4, runs.size())
            assertFalse(deployed)
        }
    }

    @Test
    void 'who clicked is not asked again while signatures are waited for, and more that are missing are'() {
        command(
            pending([click('engineering', 1, 'ann', 'bob'), signature('security', 1)]),
            pending([click('engineering', 2, 'ann', 'bob'), signature('security', 1)]),
            pending([click('engineering', 2, 'ann', 'bob')]))
        answers('bob', 'ann')
        approve()
        assertEquals(['ann,bob', 'ann'], jenkins.callsOf('input')*.submitter)
        assertTrue(deployed)
    }

    @Test
    void 'a poll that came to nothing is tried again, and a first one is not'() {
        Map inconclusive = result(command: 'request-approval', exitCode: 3, result: 'inconclusive', message: 'the log did not answer')
        command(pending([signature('security', 1)]), inconclusive, result(command: 'request-approval'))
        approve()
        assertTrue(deployed)
        runs.clear()
        command(inconclusive, result(command: 'request-approval'))
        assertEquals('signwrightApprove: the log did not answer (exit code 3)', failed())
    }

    @Test
    void 'a rejection, an error and a pending that nobody can answer fail'() {
        command(result(command: 'request-approval', exitCode: 1, result: 'deny', message: 'ann rejected it'))
        assertEquals('signwrightApprove: ann rejected it (exit code 1)', failed())
        runs.clear()
        command(pending([]))
        assertThat(failed(), containsString('approvals are missing (exit code 4)'))
        runs.clear()
        command(4)
        assertThat(failed(), containsString('ended before it could say why (exit code 4)'))
        runs.clear()
        command(pending([signature('security', 1)]), result(command: 'request-approval', exitCode: 1, result: 'deny', message: 'ann rejected it'))
        assertEquals('signwrightApprove: ann rejected it (exit code 1)', failed())
        assertFalse(deployed)
    }

    @Test
    void 'hostile roles and accounts reach neither the question nor who may answer it'() {
        command(pending([click('<b>\n', 1, 'ann', 'authenticated,mallory', 'a\nb')]) + [environment: 'x\ny', request: 'sha256:x'])
        answers('ann')
        approve()
        Map asked = jenkins.callsOf('input')[0]
        assertEquals(['signwright-default-1', 'ann', 'Approve? 1 missing still: 1 × '], [asked.id, asked.submitter, asked.message])
    }

    @Test
    void 'tells who answered'() {
        command(pending([click('security', 1, 'ann')]))
        answers('ann')
        jenkins.build('Map told = signwrightApprove(environment: \'production\')\necho told.toString()\n')
        assertEquals("[result:pending, exitCode:4, request:${REQUEST}, reports:signwright-reports, answered:[ann]]".toString(),
            jenkins.callsOf('echo').last().toString())
    }

    @Test
    void 'inside of a node it is refused, for it would hold the executor'() {
        command(pending([click('security', 1, 'ann')]))
        assertThat(failureOnNode("signwrightApprove(environment: 'production')"), containsString('it was called inside of node'))
        assertEquals([], runs)
    }

    @Test
    void 'takes a closure alone, and settings of the launcher'() {
        command(result(command: 'request-approval'))
        jenkins.build("signwrightApprove { unstash 'dist' }\nsignwrightApprove(cli: '/opt/signwright.cjs')\n")
        assertEquals([[:], [:]], [inputs(0), inputs(1)])
        assertEquals([null, '/opt/signwright.cjs'], runs*.SIGNWRIGHT_CLI)
    }

    @Test
    void 'parameters it does not know are refused'() {
        assertEquals('signwrightApprove: it knows no parameter timeOuts\n  → did you mean timeout?', failed("timeOuts: '1h'"))
        assertThat(failed("timeout: 'soon'"), containsString('timeout has a value that it cannot have'))
    }

}
