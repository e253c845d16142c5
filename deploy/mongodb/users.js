// Run once by the mongo image on an empty volume: one user per database, who may use that database alone.
for (const name of ["grid", "alerts", "cases", "catalogue", "sharing", "gateway", "traces"]) {
  const password = process.env[`STORE_${name.toUpperCase()}_PASSWORD`];
  if (!password) throw new Error(`STORE_${name.toUpperCase()}_PASSWORD is not set`);
  db.getSiblingDB(name).createUser({ user: name, pwd: password, roles: [{ role: "readWrite", db: name }] });
}
