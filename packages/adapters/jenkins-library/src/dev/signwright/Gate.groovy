package dev.signwright

/** Asks for approvals and waits for them. It only asks: whether they suffice is decided by the command. */
class Gate implements Serializable {

    private static final long serialVersionUID = 1

    static final String STEP = 'signwrightApprove'
    static final int ALLOWED = 0
    static final int INCONCLUSIVE = 3
    static final int PENDING = 4
    static final int MAX_WRONG_ANSWERS = 3

    final Object steps
    final Job job
    /** The accounts that proceeded, in this order. */
    List<String> answered = []

    Gate(Object steps) {
        this.steps = steps
        this.job = new Job(steps, STEP, 'request-approval')
    }

    /**
     * @param prepare brings the artifacts into the workspace of the node
     * @return the outputs, and `answered`: the accounts that proceeded
     */
    Map run(Map given, Closure prepare) {
        Parameters parameters = job.read(given)
        if (steps.env.NODE_NAME) {
            steps.error(STEP + ': it was called inside of node, and would hold the executor until people answer\n' +
                '  → call it outside; its closure brings the artifacts: signwrightApprove(…) { unstash \'dist\' }')
        }
        Answer last = steps.timeout(time: Parameters.secondsOf(parameters.gate.timeout), unit: 'SECONDS') {
            untilApproved(parameters, prepare)
        }
        return last.outputs + [answered: answered]
    }

    Answer untilApproved(Parameters parameters, Closure prepare) {
        boolean first = true
        while (true) {
            Answer answer = request(parameters, prepare, first)
            if (answer.status == PENDING) {
                askPeople(answer)
            }
            if (answer.passed || answer.status == PENDING && answer.missing(false).isEmpty()) {
                return answer
            }
            waitFor(answer, parameters.gate.every, first)
            first = false
        }
    }

    /** Only the first request leaves reports: those after it would say the same again. */
    Answer request(Parameters parameters, Closure prepare, boolean first) {
        return steps.node(parameters.gate.label) {
            if (prepare) {
                prepare()
            }
            Answer answer = job.ask(parameters)
            try {
                if (first) {
                    new Reports(steps, parameters.reports).keep(answer)
                }
            } finally {
                boolean goesOn = answer.status == PENDING && answer.asksSomebody() || answer.status == INCONCLUSIVE && !first
                if (!goesOn) {
                    job.fail(answer)
                }
            }
            answer
        }
    }

    /** One input for each approval that is missing, outside of any node. An abort is an answer too, and is left to end the build. */
    void askPeople(Answer answer) {
        Approvers approvers = Approvers.of(answer.missing(true))
        if (!approvers.possible) {
            steps.error(STEP + ': fewer people have accounts on this Jenkins than must approve' + answer.where() + ': ' + answer.wanted() +
                '\n  → name their accounts in the policy\'s people')
        }
        int wrong = 0
        while (approvers.open(answered) > 0) {
            List<String> candidates = approvers.candidates(answered)
            String account = steps.input(question(answer, approvers, candidates))
            if (candidates.contains(account)) {
                answered = answered + account
                continue
            }
            // Administrators may answer whatever `submitter` says, and one person counts once.
            wrong++
            steps.echo(STEP + ': the answer of ' + Answer.harmless(account) + ' does not count here.')
            if (wrong >= MAX_WRONG_ANSWERS) {
                steps.error(STEP + ': ' + wrong + ' answers came from accounts that may not approve' + answer.where() +
                    '\n  → those may: ' + candidates.join(', '))
            }
        }
    }

    Map question(Answer answer, Approvers approvers, List<String> candidates) {
        int number = answered.size() + 1
        return [
            id: 'signwright-' + (answer.environment ?: 'default') + '-' + number,
            message: 'Approve' + answer.where() + '? ' + approvers.open(answered) + ' missing still: ' + answer.wanted() +
                (answer.request ? '. Request ' + answer.request : ''),
            ok: 'Approve',
            submitter: candidates.join(','),
            submitterParameter: 'account',
        ]
    }

    /** No input for these: Jenkins would keep whoever said "go on" as somebody who approved. */
    void waitFor(Answer answer, String every, boolean first) {
        if (first) {
            steps.echo(STEP + ': waiting for signatures' + answer.where() + ': ' + answer.wanted() +
                (answer.next ? '\n  → ' + answer.next : '') + '\n  → asked again every ' + every)
        }
        steps.sleep(time: Parameters.secondsOf(every), unit: 'SECONDS')
    }

}
