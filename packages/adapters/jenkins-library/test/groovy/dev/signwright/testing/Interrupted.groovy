package dev.signwright.testing

/** An abort, or the end of a timeout: in Jenkins, a FlowInterruptedException. */
class Interrupted extends RuntimeException {

    private static final long serialVersionUID = 1

    Interrupted(String cause) {
        super(cause)
    }

}
