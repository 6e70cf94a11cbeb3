node('deploy') {
    copyArtifacts(projectName: 'acme/app/main', filter: 'dist/**')
    signwrightVerify(environment: 'production')
    withCredentials([string(credentialsId: 'deploy', variable: 'DEPLOY_TOKEN')]) {
        sh './deploy'
    }
}
