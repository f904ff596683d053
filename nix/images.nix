# All images in one archive, for one `docker load`.
{ dockerTools, images }: dockerTools.mergeImages images
