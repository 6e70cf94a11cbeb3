package dev.signwright

import dev.signwright.testing.FakeJenkins
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

class SignwrightVerifyTest {

    @Rule
    public TemporaryFolder temporary = new TemporaryFolder()
    FakeJenkins jenkins

    @Before
    void begin() {
        jenkins = new FakeJenkins(temporary.newFolder('workspace').toPath())
        jenkins.setUp()
    }

    @Test
    void fails() {
        jenkins.shell = { String script, Map env -> println env; 2 }
        try {
            jenkins.build("node('') { signwrightVerify(environment: 'production') }\n")
        } finally {
            println jenkins.log
            println jenkins.calls
        }
    }

}
