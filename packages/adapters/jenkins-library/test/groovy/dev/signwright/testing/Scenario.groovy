package dev.signwright.testing

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic

import java.nio.file.Paths

/** Runs one build for who is not Java: a file says workspace, script and variables, and another takes what the build came to. */
class Scenario {

    static void main(String[] names) {
        Map given = new JsonSlurperClassic().parse(new File(names[0]), 'UTF-8')
        FakeJenkins jenkins = new FakeJenkins(Paths.get(given.workspace as String))
        jenkins.variables.build.putAll(given.variables)
        jenkins.credentials.putAll(given.credentials ?: [:])
        List<String> answers = given.answers ?: []
        jenkins.answer = answers.isEmpty() ? null : { Map question -> answers.remove(0) }
        // Where nobody does anything, nothing changes until the time is over.
        jenkins.asleep = given.asleep ? { jenkins.program(given.asleep as List) } : { throw new Interrupted('Timeout has been exceeded') }
        jenkins.setUp()
        boolean succeeded = true
        try {
            jenkins.build(given.script as String)
        } catch (BuildFailed | Interrupted ended) {
            succeeded = false
        }
        Map came = [succeeded: succeeded, log: jenkins.log.toString(), variables: jenkins.variables.build]
        new File(names[1]).setText(JsonOutput.toJson(came), 'UTF-8')
    }

}
