import dev.signwright.Job

/** See signwrightPlan.txt. */
Map call(Map parameters = [:]) {
    return new Job(this, 'signwrightPlan', 'plan').run(parameters)
}
