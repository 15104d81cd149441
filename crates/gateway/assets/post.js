// Sends the page's form on by itself.
"use strict";

document.querySelector("form[data-goes]").submit();
