// Shows the API's description. The page sets no token: a visitor types one, or uses the session.
const place = document.querySelector("#api-docs");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: ["get", "head"],
  persistAuthorization: false,
});
