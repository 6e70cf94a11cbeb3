package dev.signwright

/** A step: inputs, one run of the command, and what it left as Jenkins shows it. */
class Job implements Serializable {

    private static final long serialVersionUID = 1

    /** Constant: what varies is in the environment alone. What an earlier step left is not taken for this one's. */
    static final String SCRIPT =
        'rm -rf -- "$SIGNWRIGHT_REPORTS/result.json" || exit 70; exec node "$SIGNWRIGHT_LAUNCHER" job "$SIGNWRIGHT_COMMAND"'

    final Object steps
    final String step
    final String command

    Job(Object steps, String step, String command) {
        this.steps = steps
        this.step = step
        this.command = command
    }

    /**
     * Runs the command and shows what it left; anything but exit code 0 fails the build, after that.
     *
     * @return the outputs: result, exitCode, request, reports
     */
    Map run(Map given) {
        Parameters parameters = read(given)
        Answer answer = ask(parameters)
        try {
            new Reports(steps, parameters.reports).publish(answer)
        } finally {
            fail(answer)
        }
        return answer.outputs
    }

    /** What was given, by the generated table of what the step knows. */
    Parameters read(Map given) {
        Parameters parameters = Parameters.read(steps.libraryResource(Parameters.TABLE), step, given)
        if (parameters.problem) {
            steps.error(parameters.problem)
        }
        return parameters
    }

    /** Runs the command once, and tells the steps after it what it came to. */
    Answer ask(Parameters parameters) {
        // Always one of its own: a variable of the build could name another.
        Answer answer = new Launcher(steps).around(parameters.settings) { launch(parameters) }
        tell(answer)
        return answer
    }

    Answer launch(Parameters parameters) {
        String result = parameters.reports + '/result.json'
        List variables = [
            'SIGNWRIGHT_COMMAND=' + command,
            'SIGNWRIGHT_INPUTS=' + parameters.json,
            'SIGNWRIGHT_REPORTS=' + parameters.reports,
        ]
        return steps.withEnv(variables) {
            int status = steps.sh(label: 'signwright ' + command, returnStatus: true, script: SCRIPT)
            String text = steps.fileExists(result) ? steps.readFile(file: result, encoding: Launcher.ENCODING) : ''
            Answer.read(text, status, parameters.reports)
        }
    }

    /** The names are those of outputs.env. */
    void tell(Answer answer) {
        steps.env.SIGNWRIGHT_RESULT = answer.outputs.result
        steps.env.SIGNWRIGHT_EXIT_CODE = String.valueOf(answer.outputs.exitCode)
        steps.env.SIGNWRIGHT_REQUEST = answer.outputs.request
        steps.env.SIGNWRIGHT_REPORTS = answer.outputs.reports
    }

    void fail(Answer answer) {
        if (!answer.passed) {
            steps.error(step + ': ' + answer.reason)
        }
    }

}
