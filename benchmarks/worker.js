// One part in a process of its own, so that none finds the compiler's state or the heap that another one left. Started
// by run.js with a part's name and its options; sends its figures to the parent.
import { parts } from './parts/index.js'

const [name, options] = process.argv.slice(2)
const measured = await parts[name].run(JSON.parse(options))
process.send(Array.isArray(measured) ? { figures: measured, notes: [] } : measured)
process.disconnect()
