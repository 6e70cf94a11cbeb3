package dev.signwright.testing

/** What `error` throws: in Jenkins, an AbortException. */
class BuildFailed extends IOException {

    private static final long serialVersionUID = 1

    BuildFailed(String message) {
        super(message)
    }

}
