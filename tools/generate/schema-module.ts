import { BANNER, type Schema } from './schema.ts';

/** The schema as a module, so that the pure core can look things up in it and programs can print it. */
export function schemaModule(schema: Schema): string {
  return `${BANNER}/** The JSON Schema of a policy file, as JSON text. */\nexport const policySchemaText: string = ${literal(JSON.stringify(schema))};\n`;
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
