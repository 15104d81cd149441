// The provider's own sign-in page: login, password, and a way to say no.

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (issuer, hint, problem) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign in at ${escape(issuer)}</title>
<h1>OpenID provider</h1>
${problem ? `<p role="alert">${escape(problem)}</p>` : ''}
<form method="post">
  <p><label>Login <input name="login" value="${escape(hint)}" autocomplete="off"></label></p>
  <p><label>Password <input name="password" type="password"></label></p>
  <p><button name="act" value="enter">Sign in</button> <button name="act" value="cancel">Cancel</button></p>
</form>`;

async function form(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > 10_000) throw new Error('sign-in form too large');
  }
  return new URLSearchParams(body);
}

/** Answers one request below `/interaction/`. */
export async function answer(provider, people, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const show = (status, hint, problem) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(page(provider.issuer, hint, problem));
  };
  if (request.method !== 'POST') return show(200, params.login_hint ?? '');
  const fields = await form(request);
  const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  if (fields.get('act') === 'cancel') {
    return finish({ error: 'access_denied', error_description: 'End-User said no' });
  }
  const login = fields.get('login');
  if (!Object.hasOwn(people, login) || people[login].password !== fields.get('password')) {
    return show(200, login ?? '', 'Wrong login or password.');
  }
  return finish({ login: { accountId: login } });
}
