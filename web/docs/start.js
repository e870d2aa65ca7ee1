// Shows the description of the interface. The rest of this folder, but for the page itself, is Swagger UI as it was
// published; README.md says from where.
"use strict";

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#interface",
  deepLinking: true,
  // Its badge would send the address of this server to somebody else's.
  validatorUrl: null,
});
