properties([pipelineTriggers([cron('H 3 * * 1')])])
node('sign') { // has Node.js and ssh-keygen
    checkout scm
    signwrightDrill(environment: 'production')
}
