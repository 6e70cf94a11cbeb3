import dev.signwright.Gate

/** See signwrightApprove.txt. */
Map call(Map parameters = [:], Closure prepare = null) {
    return new Gate(this).run(parameters, prepare)
}

/** Nothing but a closure: the defaults for all else. */
Map call(Closure prepare) {
    return call([:], prepare)
}
