import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);
import{SignwrightError}from"./chunk-L2HTT3AW.js";var EXIT={allow:0,deny:1,usage:2,inconclusive:3,pending:4,defect:70,interrupted:130},BY_CODE={usage:EXIT.usage,configuration:EXIT.usage,policy:EXIT.usage,"not-enforced-yet":EXIT.usage,"invalid-input":EXIT.usage,verification:EXIT.deny,denied:EXIT.deny,unreachable:EXIT.inconclusive,conflict:EXIT.inconclusive,cancelled:EXIT.interrupted};function exitOf(result){return EXIT[result]}function reportError(error,stderr){if(!(error instanceof SignwrightError)){let shown=error instanceof Error?error.stack??error.message:String(error);return stderr.write(`signwright: a defect, not something you did; please report it
${shown}
`),EXIT.defect}let place=error.where===void 0?"":`${plain(error.where)}: `;return stderr.write(`error: ${place}${plain(error.message)}
`),error.next!==void 0&&stderr.write(`  \u2192 ${plain(error.next)}
`),BY_CODE[error.code]}function plain(text){return text.split(`
`).map(line=>line.replace(new RegExp("\\p{Cc}","gu"),"\uFFFD").replace(/^(\s*)(##|::)/,"$1 $2")).join(`
`)}export{EXIT,exitOf,reportError};
