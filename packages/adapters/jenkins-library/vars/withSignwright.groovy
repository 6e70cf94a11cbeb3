import dev.signwright.Launcher
import dev.signwright.Parameters

/** See withSignwright.txt. */
Object call(Map parameters = [:], Closure body) {
    Parameters known = Parameters.read(libraryResource(Parameters.TABLE), 'withSignwright', parameters)
    if (known.problem) {
        error(known.problem)
    }
    return new Launcher(this).around(known.settings, body)
}
