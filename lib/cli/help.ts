export const HELP = `Usage: fastify-signed-session <command> [options]

  secret              make a secret and print it
  inspect [COOKIE]    show what a session cookie holds and whether it verifies
  sign [JSON|FILE]    make a session cookie from JSON and print name=value, for curl -b and for tests

COOKIE is a value, name=value, or any text with the cookie in it, such as a header, a command copied as cURL, a line of
curl's cookie jar, a row from the browser's tools, or JSON. Without it, or with -, it is read from standard input, as a
live one should be: other users of the machine see arguments, and the shell keeps them in its history. JSON is an
object, the data of the session, and FILE holds one; without them, or with -, it is read from standard input.

Where the secret comes from (inspect, sign):
  --secret-env NAME       the environment variable NAME
  --secret-file FILE      a file; a line break at its end is not part of the secret
  --secret-stdin          standard input, likewise
Without any of them it is SESSION_SECRET from the environment. For inspect they may be given several times, as a
rotation needs; without a secret at all, inspect shows the cookie unverified. A secret is never taken from an argument.

How the application is set up (inspect, sign), by its options:
  --name NAME             cookieName; by default session, or the name that stands in COOKIE
  --format FORMAT         default or flask; inspect takes a cookie signed with SHA-1 for one of flask
  --salt SALT             salt
  --digest DIGEST         digest: sha1, sha256, sha384, sha512
  --key-derivation NAME   keyDerivation
  --lifetime SECONDS      lifetime; by default 2678400, 31 days
  --compress              compress (sign)
  --encrypt               encrypt (sign); inspect decrypts what a secret it was given has signed

  --tagged                the JSON is tagged, as inspect --json prints data: {" d": "2030-01-01T00:00:00.000Z"} is a
                          Date (sign)
  --json                  print one line of JSON
  -h, --help              print this
  --version               print the version

Exit codes: 0 done, and the cookie verifies where a secret is known; 1 the cookie does not verify or cannot be read, or
the JSON cannot be kept in one; 2 wrong usage, or no usable secret. A script that has to be sure of the check names the
secret, say by --secret-env SESSION_SECRET: then one that is not set gives a 2.
`
