// LemonLDAP::NG's own configuration, from its package's default.

import path from 'node:path';

/** Where the portal finds everything else. */
export const ini = ({ folder, program }) => `[all]
logLevel = notice
[configuration]
type = File
dirName = ${path.join(folder, 'conf')}
[portal]
staticPrefix = /static
templateDir = ${path.join(program, 'usr/share/lemonldap-ng/portal/templates')}
languages = en
[handler]
status = 0
`;

/** A variable that holds the address at `domain`: the demonstration accounts are all of one domain. */
const variable = (name) => `mail_${name.replace(/\W/g, '_')}`;

const mapped = (all, to) => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, to(one, name)]));

function storage(folder) {
  const files = (name) => ({
    Directory: path.join(folder, name), LockDirectory: path.join(folder, name, 'lock'),
    generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
  });
  return {
    globalStorage: 'Apache::Session::File', globalStorageOptions: files('sessions'),
    persistentStorage: 'Apache::Session::File', persistentStorageOptions: files('persistent'),
    localSessionStorageOptions: {
      cache_depth: 3, cache_root: path.join(folder, 'cache'), default_expires_in: 600, directory_umask: '007', namespace: 'sessions',
    },
  };
}

function openid({ url, key, publicKey, clients }) {
  return {
    issuerDBOpenIDConnectActivation: 1,
    oidcServiceMetaDataIssuer: url,
    oidcServicePrivateKeySig: key,
    oidcServicePublicKeySig: publicKey,
    oidcServiceKeyIdSig: 'first',
    oidcServiceAllowAuthorizationCodeFlow: 1,
    oidcRPMetaDataOptions: mapped(clients, ({ secret, redirectUri }, name) => ({
      oidcRPMetaDataOptionsClientID: name,
      oidcRPMetaDataOptionsClientSecret: secret,
      oidcRPMetaDataOptionsRedirectUris: redirectUri,
      oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
      oidcRPMetaDataOptionsBypassConsent: 1,
      oidcRPMetaDataOptionsUserIDAttr: 'uid',
    })),
    oidcRPMetaDataExportedVars: mapped(clients, (_client, name) => ({ email: variable(name), name: 'cn' })),
  };
}

function saml({ key, certificate, serviceProviders }) {
  return {
    issuerDBSAMLActivation: 1,
    samlServicePrivateKeySig: key,
    samlServicePublicKeySig: certificate,
    samlSPMetaDataXML: mapped(serviceProviders, ({ xml }) => ({ samlSPMetaDataXML: xml })),
    samlSPMetaDataOptions: mapped(serviceProviders, ({ encrypted }) => ({
      samlSPMetaDataOptionsNameIDFormat: 'persistent',
      // Minutes, as its manual recommends; what is not said is days.
      samlSPMetaDataOptionsNotOnOrAfterTimeout: 300,
      samlSPMetaDataOptionsSessionNotOnOrAfterTimeout: 36_000,
      samlSPMetaDataOptionsSignSSOMessage: 1,
      samlSPMetaDataOptionsCheckSSOMessageSignature: 1,
      samlSPMetaDataOptionsSignSLOMessage: 1,
      samlSPMetaDataOptionsCheckSLOMessageSignature: 1,
      samlSPMetaDataOptionsEncryptionMode: encrypted ? 'assertion' : 'none',
    })),
    // Required, name, format, friendly name.
    samlSPMetaDataExportedAttributes: mapped(serviceProviders, (_provider, name) => ({ [variable(name)]: '1;mail;;', cn: '1;displayName;;' })),
  };
}

export function configuration(wanted) {
  const { defaults, url, host, secret, clients, serviceProviders, folder } = wanted;
  const addresses = Object.entries({ ...clients, ...serviceProviders });
  return {
    ...defaults,
    ...storage(folder),
    ...openid(wanted),
    ...saml(wanted),
    portal: `${url}/`,
    domain: host,
    key: secret,
    securedCookie: 0,
    requireToken: 0,
    macros: Object.fromEntries(addresses.map(([name, { domain }]) => [variable(name), `$uid.'@${domain}'`])),
    locationRules: {},
    exportedHeaders: {},
    applicationList: {},
    captcha_login_enabled: 0,
    captcha_mail_enabled: 0,
    captcha_register_enabled: 0,
    portalDisplayRegister: 0,
    portalDisplayResetPassword: 0,
  };
}
