#!/bin/sh
# Sets ingestd up in Azure without any secret: a container app whose managed identity is its credential at Graph, and
# its login at a flexible server of Azure Database for PostgreSQL. It may be run again.
#
# Run it from the top folder of the source, logged in (az login) as someone who may create resources in the
# subscription and grant application permissions (Privileged Role Administrator). It needs psql.
set -eu

group=ingestd
location=westeurope
server=contoso-calls    # a name in all of Azure; the database is at $server.postgres.database.azure.com
registry=contosoingestd # likewise
here=203.0.113.7        # this machine's public address: it may connect to the database while this runs

say() { echo "deploy: $*" >&2; }

# The identity, and what it may read in Graph.
say "identity and its permission"
az group create --name "$group" --location "$location" --output none
az identity create --name ingestd --resource-group "$group" --output none
identity=$(az identity show --name ingestd --resource-group "$group" --query id --output tsv)
client=$(az identity show --name ingestd --resource-group "$group" --query clientId --output tsv)
principal=$(az identity show --name ingestd --resource-group "$group" --query principalId --output tsv)
tenant=$(az account show --query tenantId --output tsv)
graph=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
role=$(az ad sp show --id "$graph" --query "appRoles[?value=='CallRecords.Read.All'].id" --output tsv)
granted=$(az rest --method get --query "value[?appRoleId=='$role'].id" --output tsv \
	--uri "https://graph.microsoft.com/v1.0/servicePrincipals/$principal/appRoleAssignments")
if [ -z "$granted" ]; then
	az rest --method post --output none \
		--uri "https://graph.microsoft.com/v1.0/servicePrincipals/$principal/appRoleAssignments" \
		--body "{\"principalId\": \"$principal\", \"resourceId\": \"$graph\", \"appRoleId\": \"$role\"}"
fi

# The database server knows Entra logins only. You administer it; ingestd owns its database and nothing else.
say "database"
az postgres flexible-server create --name "$server" --resource-group "$group" --location "$location" --version 17 \
	--tier Burstable --sku-name Standard_B2s --storage-size 128 --storage-auto-grow Enabled --backup-retention 14 \
	--microsoft-entra-auth Enabled --password-auth Disabled --public-access Enabled --yes --output none
admin=$(az ad signed-in-user show --query userPrincipalName --output tsv)
az postgres flexible-server microsoft-entra-admin create --server-name "$server" --resource-group "$group" \
	--display-name "$admin" --object-id "$(az ad signed-in-user show --query id --output tsv)" --type User --output none
# Addresses within Azure may connect; for more, put server and app into one virtual network.
az postgres flexible-server firewall-rule create --server-name "$server" --resource-group "$group" \
	--name azure --start-ip-address 0.0.0.0 --output none
az postgres flexible-server firewall-rule create --server-name "$server" --resource-group "$group" \
	--name deploy --start-ip-address "$here" --output none
host=$server.postgres.database.azure.com
PGPASSWORD=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv)
export PGPASSWORD PGUSER="$admin" PGHOST="$host" PGSSLMODE=require
psql --dbname postgres --set ON_ERROR_STOP=1 --file deploy/azure/create-database.sql
az postgres flexible-server firewall-rule delete --server-name "$server" --resource-group "$group" \
	--name deploy --yes --output none

# The image, built in Azure, and the app that runs it.
say "image"
az acr create --name "$registry" --resource-group "$group" --sku Basic --output none
az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal --role AcrPull \
	--scope "$(az acr show --name "$registry" --query id --output tsv)" --output none
az acr build --registry "$registry" --image ingestd:1 --file deploy/Dockerfile --output none .

say "app"
az containerapp env create --name ingestd --resource-group "$group" --location "$location" --output none
environment=$(az containerapp env show --name ingestd --resource-group "$group" --query id --output tsv)
app=$(mktemp)
trap 'rm "$app"' EXIT
cat >"$app" <<EOF
location: $location
identity:
  type: UserAssigned
  userAssignedIdentities:
    $identity: {}
properties:
  managedEnvironmentId: $environment
  configuration:
    activeRevisionsMode: Single
    registries:
      - {server: $registry.azurecr.io, identity: $identity}
    secrets:
      - name: config
        value: |
          database:
            url: postgres://ingestd@$host:5432/teams?sslmode=verify-full
            auth: entra
          tenants:
            - id: $tenant
              name: contoso
              auth: {client_id: $client, managed_identity: true}
  template:
    terminationGracePeriodSeconds: 30
    containers:
      - name: ingestd
        image: $registry.azurecr.io/ingestd:1
        resources: {cpu: 0.25, memory: 0.5Gi}
        volumeMounts:
          - {volumeName: config, mountPath: /etc/ingestd}
    volumes:
      - name: config
        storageType: Secret
        secrets:
          - {secretRef: config, path: config.yaml}
    # One replica reads; a second one would wait for its lock, as a warm standby.
    scale: {minReplicas: 1, maxReplicas: 1}
EOF
az containerapp create --name ingestd --resource-group "$group" --yaml "$app" --output none

say "done; what it does: az containerapp logs show --name ingestd --resource-group $group --follow"
