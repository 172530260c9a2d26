// What is measured: the package as it is built, by its public names.
export * from '../dist/index.js'
export { default } from '../dist/index.js'
