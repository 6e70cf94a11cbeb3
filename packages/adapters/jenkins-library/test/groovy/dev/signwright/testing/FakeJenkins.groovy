package dev.signwright.testing

import com.cloudbees.groovy.cps.Continuable
import com.lesfurets.jenkins.unit.cps.BasePipelineTestCPS
import com.lesfurets.jenkins.unit.global.lib.LibraryConfiguration
import com.lesfurets.jenkins.unit.global.lib.SourceRetriever

import org.codehaus.groovy.runtime.GroovyCategorySupport

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths
import java.util.concurrent.TimeUnit

/**
 * A controller with one agent: the library is loaded by its path and its steps run as Jenkins would run them, in continuation-passing
 * style and with what they hold serialised at each of their steps. Steps of plugins do what they do to files and processes for real.
 */
class FakeJenkins extends BasePipelineTestCPS {

    /** The library's folder: Maven runs tests in it. */
    Path library = Paths.get(System.getProperty('signwright.library', '.')).toAbsolutePath().normalize()
    Path workspace
    final BuildVariables variables = new BuildVariables()
    final StringBuilder log = new StringBuilder()
    /** Each call of a step of a plugin, in order: [step, argument]. */
    final List<List> calls = []
    /** Secrets by the id of their credential. */
    final Map<String, String> credentials = [:]
    /** Steps that no plugin brings. */
    final Set<String> absent = []
    /** Answers `sh`; unless it is set, a shell does. Given the script and its variables, it returns the status. */
    Closure<Integer> shell
    /** Answers `input` with an account; unless it is set, nobody ever does. */
    Closure<String> answer
    /** Is told when the pipeline sleeps. */
    Closure asleep = { }

    private Path folder
    private final Path scripts = Files.createTempDirectory('pipeline')
    private int builds = 0
    private long now = 0
    private final List<Long> deadlines = []
    private final List<String> masked = []

    FakeJenkins(Path workspace) {
        helper = new Continuations()
        this.workspace = workspace
        folder = workspace
        scriptRoots = [scripts.toString()]
        scriptExtension = 'groovy'
        variables.build.putAll(JENKINS_URL: 'https://jenkins.example/', JOB_NAME: 'acme/app/main', BUILD_NUMBER: '7',
            BUILD_URL: 'https://jenkins.example/job/acme/job/app/job/main/7/', PATH: System.getenv('PATH'), HOME: workspace.toString())
    }

    @Override
    void setUp() {
        super.setUp()
        binding.setVariable('env', variables)
        binding.setVariable('scm', [:])
        SourceRetriever source = { String name, String version, String target -> [library.toUri().toURL()] } as SourceRetriever
        helper.registerSharedLibrary(LibraryConfiguration.library('signwright').defaultVersion('main').implicit(true)
            .allowOverride(false).targetPath('.').retriever(source).build())
        registerFiles()
        registerBlocks()
        registerOthers()
    }

    /** Runs a pipeline script as a build. */
    Object build(String script) {
        // A name of its own: what was compiled is kept by name.
        String name = "Jenkinsfile${++builds}.groovy"
        Files.write(scripts.resolve(name), script.getBytes('UTF-8'))
        try {
            // Without these, each and its like would run once in continuation-passing style.
            return GroovyCategorySupport.use((List) Continuable.categories) { runScript(name) }
        } catch (BuildFailed | Interrupted ended) {
            println("${ended instanceof BuildFailed ? 'ERROR: ' : ''}${ended.message}")
            throw ended
        }
    }

    List callsOf(String step) {
        return calls.findAll { call -> call[0] == step }.collect { call -> call[1] }
    }

    void step(String name, List<Class> types, Closure body) {
        helper.registerAllowedMethod(name, types) { Object... given ->
            calls.add([name, given.length > 0 ? given[0] : null])
            if (absent.contains(name)) {
                throw new NoSuchMethodError("No such DSL method '${name}' found among steps")
            }
            body.call(*given)
        }
    }

    /** Runs a program in the workspace, with the variables of the build; what it says goes into the log. */
    int program(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
        builder.environment().clear()
        builder.environment().putAll(variables.current())
        Process process = builder.start()
        process.outputStream.close()
        println(process.inputStream.getText('UTF-8'))
        return process.waitFor()
    }

    private void registerFiles() {
        step('pwd', [Map]) { Map given -> given.tmp ? workspace.toString() + '@tmp' : folder.toString() }
        step('writeFile', [Map]) { Map given ->
            Path file = folder.resolve(given.file as String)
            Files.createDirectories(file.parent)
            Files.write(file, (given.text as String).getBytes(given.encoding as String))
        }
        step('readFile', [Map]) { Map given -> new String(Files.readAllBytes(folder.resolve(given.file as String)), given.encoding as String) }
        step('fileExists', [String]) { String file -> Files.exists(folder.resolve(file)) }
        step('deleteDir', []) { folder.toFile().deleteDir() }
        Path resources = library.resolve('resources')
        step('libraryResource', [Map]) { Map given -> resources.resolve(given.resource as String).getText(given.encoding as String) }
        step('libraryResource', [String]) { String path -> resources.resolve(path).getText('UTF-8') }
    }

    private void registerBlocks() {
        step('dir', [String, Closure]) { String path, Closure body ->
            Path before = folder
            folder = folder.resolve(path)
            within(body) { folder = before }
        }
        step('node', [String, Closure]) { String label, Closure body ->
            variables.blocks.add([NODE_NAME: 'agent-1', WORKSPACE: workspace.toString()])
            within(body) { variables.blocks.remove(variables.blocks.size() - 1) }
        }
        step('withEnv', [List, Closure]) { List<String> set, Closure body ->
            variables.blocks.add(set.collectEntries { pair -> [pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1)] })
            within(body) { variables.blocks.remove(variables.blocks.size() - 1) }
        }
        step('string', [Map]) { Map given -> given }
        step('withCredentials', [List, Closure]) { List<Map> bound, Closure body ->
            List<String> unknown = bound*.credentialsId.findAll { id -> !credentials.containsKey(id) }
            if (unknown) {
                throw new BuildFailed("Could not find credentials entry with ID '${unknown[0]}'")
            }
            masked.addAll(bound.collect { each -> credentials[each.credentialsId] })
            variables.blocks.add(bound.collectEntries { each -> [each.variable, credentials[each.credentialsId]] })
            within(body) { variables.blocks.remove(variables.blocks.size() - 1) }
        }
        step('timeout', [Map, Closure]) { Map given, Closure body ->
            deadlines.add(now + TimeUnit.valueOf(given.unit as String).toSeconds(given.time as long))
            within(body) { deadlines.remove(deadlines.size() - 1) }
        }
        step('stage', [String, Closure]) { String name, Closure body -> within(body) { } }
    }

    private void registerOthers() {
        step('echo', [String]) { String text -> println(text) }
        step('cron', [String]) { String spec -> spec }
        step('pipelineTriggers', [List]) { List triggers -> triggers }
        step('properties', [List]) { List given -> given }
        step('error', [String]) { String text -> throw new BuildFailed(text) }
        step('sh', [Map]) { Map given ->
            int status = shell ? shell.call(given.script, variables.current()) : run(given.script as String)
            if (given.returnStatus) {
                return status
            }
            if (status != 0) {
                throw new BuildFailed("script returned exit code ${status}")
            }
        }
        step('sh', [String]) { String script ->
            int status = run(script)
            if (status != 0) {
                throw new BuildFailed("script returned exit code ${status}")
            }
        }
        step('input', [Map]) { Map given ->
            println('Input requested')
            if (!answer) {
                throw new Interrupted('Timeout has been exceeded')
            }
            String account = answer.call(given)
            println("Approved by ${account}")
            account
        }
        step('sleep', [Map]) { Map given ->
            now += TimeUnit.valueOf(given.unit as String).toSeconds(given.time as long)
            if (deadlines.any { deadline -> now > deadline }) {
                throw new Interrupted('Timeout has been exceeded')
            }
            asleep.call()
        }
        // All nodes share the one workspace.
        step('checkout', [Map]) { Map given -> }
        step('stash', [Map]) { Map given -> }
        step('unstash', [String]) { String name -> }
        step('copyArtifacts', [Map]) { Map given -> }
        step('junit', [Map]) { Map given -> }
        step('archiveArtifacts', [Map]) { Map given -> }
        step('publishHTML', [Map]) { Map given -> }
    }

    private Object within(Closure body, Closure after) {
        try {
            return helper.callClosure(body)
        } finally {
            after.call()
        }
    }

    /** As the `sh` step does it: each line is shown before it runs, and what is bound is masked. */
    private int run(String script) {
        return program(['/bin/sh', '-xe', '-c', script])
    }

    private void println(String text) {
        log.append(masked.inject(text) { shown, secret -> shown.replace(secret, '****') }).append('\n')
    }

}
