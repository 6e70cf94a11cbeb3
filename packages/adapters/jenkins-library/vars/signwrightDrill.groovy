import dev.signwright.Job

/** See signwrightDrill.txt. */
Map call(Map parameters = [:]) {
    return new Job(this, 'signwrightDrill', 'drill').run(parameters)
}
