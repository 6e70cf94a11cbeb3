properties([disableConcurrentBuilds(), pipelineTriggers([cron('H H/4 * * *')])])
node('signwright-ca') { // where certificates are held, and the CA's key is
    checkout scm
    sh 'signwright cert renew --all'
    sh 'signwright cert crl --if-due --out crl'
    archiveArtifacts(artifacts: 'crl/*', allowEmptyArchive: true)
    sh 'signwright cert alerts --ci' // 1 where a certificate ends soon and nobody was told
}
