import dev.signwright.Job

/** See signwrightVerify.txt. */
Map call(Map parameters = [:]) {
    return new Job(this, 'signwrightVerify', 'verify').run(parameters)
}
