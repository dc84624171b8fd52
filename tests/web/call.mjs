// node call.mjs MODULE FUNCTION, a JSON list of lists of arguments on standard input: what each call returns, as JSON.
import { readFileSync } from "node:fs";

const [module, name] = process.argv.slice(2);
const { [name]: call } = await import(`../../web/${module}.js`);
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map((given) => call(...given))));
