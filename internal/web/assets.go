package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var files embed.FS

// assets are the paths of what pages load, by name. A path holds the hash of its
// content, so that a browser may keep it for ever.
var assets, contents = hashed()

func hashed() (paths map[string]string, contents map[string][]byte) {
	paths, contents = map[string]string{}, map[string][]byte{}
	names, _ := fs.Glob(files, "assets/*")
	for _, file := range names {
		name := path.Base(file)
		content, _ := files.ReadFile(file)
		sum := sha256.Sum256(content)
		stem, ext, _ := strings.Cut(name, ".")
		if ext == "html" {
			continue
		}
		unique := stem + "." + hex.EncodeToString(sum[:6]) + "." + ext
		paths[name], contents[unique] = "/assets/"+unique, content
	}
	return paths, contents
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, ok := contents[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	_, _ = w.Write(content)
}
