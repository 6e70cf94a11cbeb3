package dev.signwright

/** What a run left, as Jenkins shows it. It decides nothing: no build becomes unstable by it. */
class Reports implements Serializable {

    private static final long serialVersionUID = 1

    final Object steps
    final String directory

    Reports(Object steps, String directory) {
        this.steps = steps
        this.directory = directory
    }

    void publish(Answer answer) {
        if (answer.files.contains('junit.xml')) {
            tests()
        }
        keep(answer)
    }

    /** All but the tests, which would be counted twice where a command runs again. */
    void keep(Answer answer) {
        if (answer.files.isEmpty()) {
            return
        }
        steps.archiveArtifacts(artifacts: paths(directory, answer.files), allowEmptyArchive: true)
        if (answer.files.contains('summary.html')) {
            page(answer)
        }
    }

    void tests() {
        try {
            steps.junit(testResults: directory + '/junit.xml', allowEmptyResults: true, skipMarkingBuildUnstable: true)
        } catch (NoSuchMethodError missing) {
            steps.echo('Signwright: without the JUnit plugin there are no test results.')
        }
    }

    void page(Answer answer) {
        try {
            steps.publishHTML(target: [
                reportName: answer.title,
                reportDir: directory,
                reportFiles: 'summary.html',
                includes: 'summary.html',
                keepAll: true,
                allowMissing: true,
                alwaysLinkToLastBuild: true,
            ])
        } catch (NoSuchMethodError missing) {
            steps.echo('Signwright: summary.html is among the artifacts; the HTML Publisher plugin would show it as a page.')
        }
    }

    @com.cloudbees.groovy.cps.NonCPS
    static String paths(String directory, List<String> files) {
        return (files + 'result.json').collect { file -> directory + '/' + file }.join(',')
    }

}
