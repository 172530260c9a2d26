/** What the root's tests have for nginx, which runs in any Node as it is. */
export const { nginx, startNginx } = await import(new URL('../../../test/support/nginx.mjs', import.meta.url).href)
