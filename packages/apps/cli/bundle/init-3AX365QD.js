import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);
import{originOfCheckout}from"./chunk-BCEAIGA3.js";import"./chunk-HXAL4YXK.js";import{openTrialDomain}from"./chunk-KJPING5M.js";import{require_dist}from"./chunk-H2O3STDN.js";import"./chunk-K3VQQRLK.js";import"./chunk-NRPK737J.js";import"./chunk-TUP2Q65K.js";import{SignwrightError,messageOf}from"./chunk-L2HTT3AW.js";import{__toESM}from"./chunk-IH2QPYBS.js";import{writeFile}from"node:fs/promises";import{existsSync}from"node:fs";import{join as join2,dirname}from"node:path";import{readdir}from"node:fs/promises";import{join}from"node:path";var SKIP=new Set([".git",".signwright","node_modules","dist","build","target","vendor",".terraform",".venv"]),DEEPEST=6,MOST=2e4,SIGNS=[{file:/^package\.json$/,propose:at=>[{match:under(at,"dist/*.tgz"),kind:"package",tier:"production",why:`npm packages (${under(at,"package.json")})`}]},{file:/^(pyproject\.toml|setup\.py)$/,propose:(at,name)=>["dist/*.whl","dist/*.tar.gz"].map(match=>({match:under(at,match),kind:"package",tier:"production",why:`Python packages (${under(at,name)})`}))},{file:/^pom\.xml$/,propose:at=>[{match:under(at,"target/*.jar"),kind:"package",tier:"production",why:`Maven packages (${under(at,"pom.xml")})`}]},{file:/^build\.gradle(\.kts)?$/,propose:(at,name)=>[{match:under(at,"build/libs/*.jar"),kind:"package",tier:"production",why:`Gradle packages (${under(at,name)})`}]},{file:/^Chart\.yaml$/,propose:at=>[{match:"dist/charts/*.tgz",kind:"chart",tier:"production",why:`Helm charts (${under(at,"Chart.yaml")})`}]},{file:/\.tf$/,propose:at=>[{match:under(at,"*.tfplan"),kind:"plan",tier:"production",why:`Terraform plans (${at===""?".":at})`}]},{file:/^(Dockerfile|Containerfile)(\..+)?$/,propose:(at,name)=>[{match:"registry.example.com/**",kind:"image",tier:"production",why:`images (${under(at,name)}); put your registry here`}]}],SBOM={match:"dist/*.cdx.json",kind:"sbom",tier:"internal",why:"bills of materials beside packages"};async function scan(root){let found=new Map,queue=[{directory:"",depth:0}],seen=0;for(let next=queue.shift();next&&seen<MOST;next=queue.shift()){let{directory,depth}=next,entries=await readdir(join(root,directory),{withFileTypes:!0}).catch(()=>[]);for(let entry of entries.sort((a,b)=>a.name<b.name?-1:1))if(seen++,entry.isDirectory()&&depth<DEEPEST&&!SKIP.has(entry.name)&&queue.push({directory:under(directory,entry.name),depth:depth+1}),!!entry.isFile()){for(let sign of SIGNS)if(sign.file.test(entry.name))for(let proposal of sign.propose(directory,entry.name))found.has(proposal.match)||found.set(proposal.match,proposal)}}let proposals=[...found.values()];return proposals.some(({kind})=>kind==="package")?[...proposals,SBOM]:proposals}function under(directory,name){return directory===""?name:`${directory}/${name}`}var import_yaml=__toESM(require_dist(),1);function writePolicy({trial,repository,ref,rules}){let quoted=text=>(0,import_yaml.stringify)(text).trim(),artifacts=rules.map(({match,kind,tier,why})=>`  - { ${[...kind===void 0?[]:[`kind: ${kind}`],`match: ${JSON.stringify(match)}`,`tier: ${tier}`].join(", ")} } # ${why}`);return`# What must be signed, by whom, and where it may go. "signwright policy explain NAME" says what applies to a file.
version: 1

trust:
  root: ${trial}/trusted-root.json # a trial trust domain; for production: signwright trust add
  timestamp: { trial: ${trial} } # for production: { urls: [https://your-timestamp-authority] }

environments:
  default: { allow-development: true } # leave allow-development out where only real signatures may count

# Which jobs may sign, by what their certificates say.
workloads:
  ci: { issuer: https://trial.signwright.invalid, repository: ${quoted(repository)}, ref: ${quoted(ref)} }

signers:
  build: { certificate: { trial: ${trial} }, workloads: [ci] }

tiers:
  internal: { signatures: [build] }
  production: { extends: internal } # what production demands beyond it is added here

# First match wins; what nothing matches is refused.
artifacts:
${artifacts.join(`
`)}
`}var TRIAL=".signwright/trial",FIRST_RULE={match:"dist/**",tier:"internal",why:"what the build leaves in dist"};async function init({scan:wantsScan,policy}){let proposals=wantsScan?await scan(process.cwd()):[],identity=await trialIdentity(dirname(policy)),text=writePolicy({trial:TRIAL,...identity,rules:proposals.length>0?proposals:[FIRST_RULE]});try{await writeFile(policy,text,{flag:"wx"})}catch(cause){throw cause.code==="EEXIST"?new SignwrightError("usage","there is a policy already, and it is left as it is",{where:policy,next:"name another file with --policy"}):new SignwrightError("unreachable",`the policy cannot be written: ${messageOf(cause)}`,{where:policy,cause})}let next=existsSync(join2(dirname(policy),TRIAL))?"signwright plan":"signwright trust init --trial && signwright plan",found=proposals.map(({match,why})=>`  ${match}: ${why}
`).join("");process.stdout.write(`${policy} is written, with ${Math.max(proposals.length,1)} rules
${found}next: ${next}
`)}async function trialIdentity(directory){try{let{repository,ref}=await(await openTrialDomain(join2(directory,TRIAL))).claims();return{repository,ref}}catch(error){if(!(error instanceof SignwrightError)||error.code!=="configuration")throw error;return{repository:await originOfCheckout()??"https://trial.signwright.invalid/example/project",ref:"refs/heads/main"}}}export{init};
