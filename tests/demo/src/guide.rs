//! What the demo says.

use std::io::{self, Write as _};

use crate::process;
use crate::world::World;

/// Prints where everything is, who is there, and what to try.
pub(crate) fn print(world: &World, pid: u32) -> anyhow::Result<()> {
    let (url, folder) = (&world.url, world.folder.display());
    let (program, backstage) = (process::program()?, &world.backstage.url);
    let program = program.display();
    writeln!(
        io::stdout(),
        r#"
Vestibule is running.

  Help center            {url}
  Behind the scenes      {backstage}    what the fake JSM holds
  Unguarded upstream     {upstream}    knows nobody: only the gateway vouches for people

The certificate is the demo's own: your browser warns, go on once; or let it trust
{folder}/tls/authority.pem

People, who need no password:

  ann@acme.example      bob@acme.example       Acme, SAML
  ida@initech.example   ivo@initech.example    Initech, SAML
  gil@globex.example    gro@globex.example     Globex, OpenID Connect
  uma@umbrella.example  ugo@umbrella.example   Umbrella, OpenID Connect
  hal@hooli.example     hedy@hooli.example     Hooli, OAuth 2.0

Ten things to try:

  1. Open a link from a mail:
     {url}/servicedesk/customer/portal/1/SUP-1042?x=1#comment-7
     Type ann@acme.example, choose Ann: you arrive at exactly that page, and it knows her.
  2. Look behind the scenes: Ann is a customer, on desk 1, in the organization Acme. Sign out and
     in again: JSM is not called once more.
  3. Sign in as gil@globex.example in a private window: the same over OpenID Connect. As
     hal@hooli.example: over OAuth 2.0, with a number for a name and addresses at an endpoint apart.
  4. Signed out, open three requests in three tabs, sign in in one, reload the others: each tab
     shows its own.
  5. Press Refuse at an identity provider. The page shows a reference code; ask what was behind it:
     {program} why CODE --config {folder}/vestibule.yaml
  6. Type ann@acme.example and choose Mallory Moss: Acme says that she is ida@initech.example, but
     may not speak for Initech. She is refused, and JSM hears nothing of it.
  7. Break JSM behind the scenes: who is known gets in, who is new is asked to wait. Or end the
     gateway the hard way, `kill -9 {pid}`: it starts again, and you are still signed in.
  8. Sign out as Ann: {url}/.vestibule/sign-out
     The page says of each session whether it ended. Acme's did, by single logout.
  9. Try a connection without signing anybody in: open what this prints, and sign in there.
     {program} idp test initech --config {folder}/vestibule.yaml
 10. Sign in as uma@umbrella.example: she needs a code of her app, which is printed below whenever it
     changes. As ugo@umbrella.example you set up an app of your own.

Scripts get JSON: curl -k -i {url}/servicedesk/customer/portals

Configuration {folder}/vestibule.yaml
Log           {folder}/gateway.log
Audit log     {folder}/data/audit.jsonl

Ctrl-C ends everything.
"#,
        upstream = world.help_center.url,
    )?;
    Ok(())
}
