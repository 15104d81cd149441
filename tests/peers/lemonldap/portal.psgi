# LemonLDAP::NG's portal; where its configuration is, LLNG_DEFAULTCONFFILE says.
# Captchas are switched off; the portal loads their module all the same, which wants libgd.
BEGIN { package GD::SecurityImage; $INC{'GD/SecurityImage.pm'} = __FILE__; sub import { } }
use Lemonldap::NG::Portal::Main;
Lemonldap::NG::Portal::Main->run({});
