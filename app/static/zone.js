// Tells the site in which zone this browser's clock stands, so that times can be shown in it, too.
// Without JavaScript a stranger sees every deadline in the offering's own zone, and in one that fits the language.
"use strict";

{
  const told = `tz=${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  if (!document.cookie.split("; ").includes(told)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${told}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
}
