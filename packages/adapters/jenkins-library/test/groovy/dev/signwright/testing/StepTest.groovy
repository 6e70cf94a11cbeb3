package dev.signwright.testing

import static org.junit.Assert.fail

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import org.junit.Before
import org.junit.Rule
import org.junit.rules.TemporaryFolder

import java.nio.file.Files
import java.nio.file.Path

/** What tests of steps share: a controller, and a command that answers as it is told. */
abstract class StepTest {

    @Rule
    public TemporaryFolder temporary = new TemporaryFolder()

    FakeJenkins jenkins
    /** What the command was given: [variables of the process] of each run. */
    List<Map<String, String>> runs = []

    @Before
    void begin() {
        jenkins = new FakeJenkins(temporary.newFolder('workspace').toPath())
        jenkins.setUp()
    }

    /** The command answers these in turn, the last of them from then on; result.json is left out where an answer is a number. */
    void command(Object... answers) {
        jenkins.shell = { String script, Map<String, String> variables ->
            Object answer = answers[Math.min(runs.size(), answers.length - 1)]
            runs.add(variables)
            Path reports = jenkins.workspace.resolve(variables.SIGNWRIGHT_REPORTS)
            Files.createDirectories(reports)
            Files.deleteIfExists(reports.resolve('result.json'))
            if (answer instanceof Map) {
                reports.resolve('result.json').toFile().setText(JsonOutput.toJson(answer), 'UTF-8')
            }
            return answer instanceof Map ? (answer.status ?: answer.exitCode) : answer
        }
    }

    static Map result(Map more = [:]) {
        return [version: 1, command: 'verify', result: 'allow', exitCode: 0, message: 'done', approvals: [],
            files: ['junit.xml', 'outputs.env', 'results.sarif', 'summary.html', 'summary.md', 'verdicts.json']] + more
    }

    /** The inputs of a run, as the command reads them. */
    Map inputs(int run = 0) {
        return new JsonSlurperClassic().parseText(runs[run].SIGNWRIGHT_INPUTS)
    }

    Object onNode(String call) {
        return jenkins.build("node('') { ${call} }\n")
    }

    /** The message a build failed with. */
    String failure(String script) {
        try {
            jenkins.build(script)
            fail("the build passed:\n${jenkins.log}")
            return ''
        } catch (BuildFailed failed) {
            return failed.message
        }
    }

    String failureOnNode(String call) {
        return failure("node('') { ${call} }\nnode('') { sh 'touch deployed' }\n")
    }

    boolean isDeployed() {
        return Files.exists(jenkins.workspace.resolve('deployed'))
    }

}
