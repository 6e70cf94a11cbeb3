import dev.signwright.Job

/** See signwrightSign.txt. */
Map call(Map parameters = [:]) {
    return new Job(this, 'signwrightSign', 'sign').run(parameters)
}
