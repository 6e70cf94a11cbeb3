node('build') {
    checkout scm
    sh './build'
    stash name: 'dist', includes: 'dist/**'
}
node('sign') { // runs nothing of the project
    checkout scm
    unstash 'dist'
    signwrightSign(environment: 'production', credentialsId: 'signwright')
}
signwrightApprove(environment: 'production') { // outside of node: no executor waits for people
    checkout scm
    unstash 'dist'
}
node('deploy') {
    checkout scm
    unstash 'dist'
    signwrightVerify(environment: 'production')
    sh './deploy'
}
