import { bannerOf, type Schema, type Source } from './schema.ts';

/** The schema as a module, so that the pure core can look things up in it and programs can print it. */
export function schemaModule(schema: Schema, source: Source): string {
  const { word, what } = source;
  return `${bannerOf(source)}/** The JSON Schema of ${what}, as JSON text. */\nexport const ${word}SchemaText: string = ${literal(JSON.stringify(schema))};\n`;
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
