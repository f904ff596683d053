# The edge, as people would write it: nginx in the base, the configuration above it.
FROM drydock-bench/base
LABEL dev.drydock.bench=""
COPY nginx /etc/nginx
EXPOSE 80 443
ENTRYPOINT ["nginx", "-c", "/etc/nginx/nginx.conf", "-e", "stderr", "-g", "daemon off;"]
