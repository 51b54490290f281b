import local
import requests_unixsocket

url = "http+unix://" + local.docker().replace("/", "%2F") + "/version"
print(requests_unixsocket.Session().get(url).text)
