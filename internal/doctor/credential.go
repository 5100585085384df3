package doctor

import "cmp"

// credential names what the tenant signs in with.
func (v *visit) credential() string {
	switch a := v.tenant.Auth; {
	case a.CertificateFile != "":
		return "the certificate"
	case a.FederatedTokenFile != "":
		return "the federated token"
	case a.ManagedIdentity:
		return "the managed identity"
	}
	return "the client secret"
}

func (v *visit) registration() string { return "App registrations > " + short(v.tenant.Auth.ClientID) }

// renew is what to do about a credential that ends.
func (v *visit) renew() string {
	switch a := v.tenant.Auth; {
	case a.CertificateFile != "":
		return v.registration() + " > Certificates & secrets > Certificates > Upload certificate; " +
			"write it with its key to " + a.CertificateFile + ". The daemon takes it up by itself."
	case a.FederatedTokenFile != "":
		return "see that " + a.FederatedTokenFile + " is written anew, as Kubernetes does every hour; " +
			"and that this machine's clock is right"
	}
	return v.registration() + " > Certificates & secrets > New client secret; write its Value to " +
		v.secretPlace()
}

// replace is what to do about a credential that Entra does not know.
func (v *visit) replace() string {
	switch a := v.tenant.Auth; {
	case a.CertificateFile != "":
		return "compare the thumbprint: openssl x509 -fingerprint -noout -in " + a.CertificateFile +
			", and " + v.registration() + " > Certificates & secrets > Certificates"
	case a.FederatedTokenFile != "":
		return v.registration() + " > Certificates & secrets > Federated credentials: issuer, subject and " +
			"audience must be those of the token in " + a.FederatedTokenFile
	case a.ManagedIdentity:
		return "give this machine a managed identity; client_id names a user-assigned one"
	}
	return "the Value is wanted, not the Secret ID: " + v.registration() + " > Certificates & secrets; " +
		"write it to " + v.secretPlace()
}

// provide is how to put a credential where it is read.
func (v *visit) provide() string {
	a := v.tenant.Auth
	if file := cmp.Or(a.ClientSecretFile, a.CertificateFile, a.FederatedTokenFile); file != "" {
		return "make " + file + " a file that the daemon's account may read; it takes it up by itself"
	}
	return v.replace()
}

func (v *visit) secretPlace() string {
	a := v.tenant.Auth
	if a.ClientSecretFile != "" {
		return a.ClientSecretFile + ". The daemon takes it up by itself."
	}
	return "the variable " + a.ClientSecretEnv + " and restart the daemon"
}
