package dev.signwright.testing

import com.lesfurets.jenkins.unit.cps.PipelineTestHelperCPS

/** Runs scripts in continuation-passing style and sees at each of their steps that what they hold can be written to disk. */
class Continuations extends PipelineTestHelperCPS {

    Continuations() {
        methodInterceptor = { String name, Object[] given -> called(delegate, name, given) }
    }

    /** Nothing is read back: that takes most of the time and tells nothing more. */
    @Override
    def <T> T roundtripSerialization(T held) {
        new ObjectOutputStream(OutputStream.nullOutputStream()).writeObject(held)
        return held
    }

    /**
     * Steps are met in scripts alone. Methods of the library's classes are called as Jenkins calls them: one that is transformed hands
     * its continuation to its caller, so what it holds is written too.
     */
    private Object called(Object target, String name, Object[] given) {
        Map.Entry step = target instanceof Script ? getAllowedMethodEntry(name, given) : null
        if (step != null) {
            return callClosure(step.value, given)
        }
        MetaMethod method = target instanceof Class ? target.metaClass.getStaticMetaMethod(name, given) : target.metaClass.getMetaMethod(name, given)
        if (method == null) {
            return target.metaClass.invokeMissingMethod(target, name, given)
        }
        return target instanceof Script ? callMethod(method, target, given) : method.doMethodInvoke(target, given)
    }

}
